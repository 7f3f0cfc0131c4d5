import heapq
from collections import deque


class Graph:
    def __init__(self):
        self.edges = {}

    def add_node(self, node):
        if node not in self.edges:
            self.edges[node] = {}

    def add_edge(self, a, b, weight=1):
        self.add_node(a)
        self.add_node(b)
        self.edges[a][b] = weight
        self.edges[b][a] = weight

    def neighbors(self, node):
        return self.edges[node].keys()


def bfs(graph, start):
    visited = {start}
    queue = deque([start])
    order = []
    while queue:
        node = queue.popleft()
        order.append(node)
        for neighbor in graph.neighbors(node):
            if neighbor not in visited:
                visited.add(neighbor)
                queue.append(neighbor)
    return order


def dfs(graph, node, visited=None):
    if visited is None:
        visited = set()
    visited.add(node)
    for neighbor in graph.neighbors(node):
        if neighbor not in visited:
            dfs(graph, neighbor, visited)
    return visited


def shortest_path(graph, start, goal):
    distances = {start: 0}
    previous = {}
    heap = [(0, start)]
    while heap:
        distance, node = heapq.heappop(heap)
        if node == goal:
            break
        if distance > distances[node]:
            continue
        for neighbor, weight in graph.edges[node].items():
            new_distance = distance + weight
            if new_distance < distances.get(neighbor, float("inf")):
                distances[neighbor] = new_distance
                previous[neighbor] = node
                heapq.heappush(heap, (new_distance, neighbor))
    if goal not in distances:
        return None
    path = [goal]
    while path[-1] != start:
        path.append(previous[path[-1]])
    path.reverse()
    return path
